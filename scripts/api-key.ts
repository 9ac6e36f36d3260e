/** The key with which commands call a service. In a variable, so that it stands in no shell's history. */
export const API_KEY_VARIABLE = 'EARN_API_KEY';

/** The header that sends it; none without the variable. */
export function authorization(): Record<string, string> {
  const key = process.env[API_KEY_VARIABLE];
  return key ? { Authorization: `Bearer ${key}` } : {};
}
