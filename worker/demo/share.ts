/** A history in the fragment of a link: browsers send it to nobody. */
const PREFIX = '#history=';
/** More make a link that chats cut off. */
const MOST = 50;

export function linkOf(ids: readonly string[]): string {
  const list = ids.slice(-MOST).map(encodeURIComponent).join(',');
  return `${location.origin}${location.pathname}${PREFIX}${list}`;
}

/** Ids of the history that came with the link, oldest first. */
export function sharedIds(): string[] {
  if (!location.hash.startsWith(PREFIX)) return [];
  try {
    const ids = location.hash.slice(PREFIX.length).split(',').map(decodeURIComponent);
    return [...new Set(ids)].filter(Boolean).slice(-MOST);
  } catch {
    return []; // a cut or damaged link
  }
}

export function clearShared(): void {
  history.replaceState(null, '', location.pathname);
}
