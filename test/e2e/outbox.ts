/** The service with the outbox, whose bindings `wrangler.toml` has as a comment. */
import { readFileSync, rmSync, writeFileSync } from 'node:fs';

/** Flags of wrangler for a configuration with them. It lies beside the other, as its paths are relative. */
export function withOutbox() {
  const file = `.wrangler-outbox-${process.pid}.toml`;
  const [before, outbox] = readFileSync('wrangler.toml', 'utf8').split(/(?=^# \[\[queues\.producers\]\])/m);
  const bound = outbox.replace(/^(# .*\n)+/, (comment) => comment.replaceAll(/^# /gm, ''));
  writeFileSync(file, before + bound);
  return { flags: ['--config', file], remove: () => rmSync(file, { force: true }) };
}
