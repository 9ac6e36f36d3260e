/** The picture of a film: its own, or one drawn from genre, year and title. Nothing is fetched for that. */
import type { Film } from '../side.ts';
import { splitYear } from '../title.ts';

const [WIDTH, HEIGHT] = [60, 84];
/** Characters per line, and lines, that fit the picture. */
const [LINE, LINES] = [9, 4];

/** Of the hash: with it, the most frequent genres of films differ most in colour and shape. */
const SEED = 2015915;

/** One of these per genre, in the middle of the picture. */
const MOTIFS = [
  <circle cx="30" cy="28" r="17" />,
  <path d="M30 8 50 45H10Z" />,
  <path d="M8 30q11-18 22 0t22 0v16H8Z" />,
  <path d="M30 8l5 13 14 1-11 9 4 14-12-8-12 8 4-14-11-9 14-1Z" />,
  <path d="M13 12h34v6H13Zm0 12h34v6H13Zm0 12h34v6H13Z" />,
  <path d="M30 46C8 32 12 12 23 13q5 1 7 6 2-5 7-6c11-1 15 19-7 33Z" />,
  <path d="M12 46V24l9-8 9 8 9-12 9 12v22Z" />,
  <path d="M30 10a18 18 0 1 0 14 30A15 15 0 1 1 30 10Z" />,
];

export function Poster({ film }: { film: Film }) {
  const { image } = film.properties ?? {};
  return typeof image === 'string' ? (
    <img class="poster" src={image} alt="" loading="lazy" />
  ) : (
    <Drawn film={film} />
  );
}

function Drawn({ film }: { film: Film }) {
  const [name, year] = splitYear(film.title);
  const genre = film.categories[0] ?? '';
  const kind = hash(genre);
  const hue = kind % 360;
  // Older films are less colourful.
  const colour = year === '' ? 55 : Math.max(12, Math.min(60, (Number(year) - 1925) * 0.75));
  const motif = MOTIFS[(kind >>> 20) % MOTIFS.length];
  const tilt = (hash(name) % 5) * 6 - 12;
  return (
    <svg class="poster" viewBox={`0 0 ${WIDTH} ${HEIGHT}`} aria-hidden="true" focusable="false">
      <rect width={WIDTH} height={HEIGHT} fill={`hsl(${hue} ${colour}% 22%)`} />
      <rect width={WIDTH} height="52" fill={`hsl(${hue} ${colour}% 32%)`} />
      <g fill={`hsl(${(hue + 40) % 360} ${colour + 15}% 62%)`} transform={`rotate(${tilt} 30 28)`}>
        {motif}
      </g>
      <g fill="#fff" font-size="8" font-weight="700" font-family="system-ui, sans-serif">
        {linesOf(name).map((line, index) => (
          <text key={line} x="5" y={61 + index * 8} textLength={line.length > LINE ? WIDTH - 10 : undefined}>
            {line}
          </text>
        ))}
      </g>
    </svg>
  );
}

/** The title's first words, an article at its end left out. */
function linesOf(name: string): string[] {
  const lines: string[] = [];
  for (const word of name.replace(/, (The|A|An|Les?|La|Das|Der|Die|Il)$/i, '').split(' ')) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + word.length < LINE) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word.slice(0, LINE + 2));
  }
  return lines.slice(0, LINES - 1);
}

/** FNV-1a */
function hash(text: string): number {
  let value = SEED;
  for (const character of text) value = Math.imul(value ^ character.codePointAt(0)!, 0x01000193) >>> 0;
  return value;
}
