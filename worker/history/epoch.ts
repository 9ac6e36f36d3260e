/**
 * An epoch tells two logs apart, and a log from what it was before an event was taken back. It is a UUID: the
 * first half names the log for as long as it lives, the rest changes with every event that is taken back.
 * Within an epoch a log only grows.
 */
const NAME_LENGTH = 18;

/** What names the log, whatever is taken back from it. */
export function logOf(epoch: string): string {
  return epoch.slice(0, NAME_LENGTH);
}

/** Another epoch of the same log. */
export function renewed(epoch: string): string {
  return logOf(epoch) + crypto.randomUUID().slice(NAME_LENGTH);
}
