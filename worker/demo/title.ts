/** Titles as catalogues write them, for people. */

/** Splits a title from the year at its end, which many catalogues have. */
export function splitYear(title: string): [name: string, year: string] {
  const match = /^(.+?)\s*\((\d{4})\)$/.exec(title);
  return match ? [match[1], match[2]] : [title, ''];
}

/** The same with the year. */
export function fullName(title: string): string {
  const [, year] = splitYear(title);
  return year === '' ? nameOf(title) : `${nameOf(title)} (${year})`;
}

/** `Matrix, The (1999)` as people say it: `The Matrix`. */
export function nameOf(title: string): string {
  const [name] = splitYear(title);
  const match = /^(.+), (The|A|An|Les?|La|L'|Das|Der|Die|Il|El)( \(.+\))?$/.exec(name);
  return match ? `${match[2]} ${match[1]}${match[3] ?? ''}` : name;
}
