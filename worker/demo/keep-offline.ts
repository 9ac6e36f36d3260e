/** Who runs the model on this device can reload the page without a connection. */
import { scriptUrl } from './scripts.ts';

export function keepOffline(): void {
  navigator.serviceWorker?.register(scriptUrl('offline')).catch(() => {
    // Not allowed here, as in a private window: then there is no page without a connection.
  });
}
