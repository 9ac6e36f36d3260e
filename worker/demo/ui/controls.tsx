/** The playground's knobs. */
import type { Setting } from '../play.ts';
import { counted, NOUN, NOUNS } from '../words.ts';

type Knobs = Omit<Setting, 'history'> & { length: number };

const RANKERS: Record<string, string> = {
  latent: 'every vector at once (latent)',
  beam: 'codes by beam search (beam)',
  hybrid: 'both (hybrid)',
};

export function Controls(props: {
  knobs: Knobs;
  rankers: string[];
  most: number;
  /** Films of the history that are the visitor's own. */
  own: number;
  onChange(change: Partial<Knobs>): void;
}) {
  const { knobs, rankers, most, own, onChange } = props;
  return (
    <section class="controls" aria-label="Settings">
      <Slider
        label="History"
        text={
          own === 0
            ? `${knobs.length} popular ${knobs.length === 1 ? NOUN : NOUNS}`
            : `${counted(knobs.length)}, the newest ${own} your own`
        }
        range={[1, most]}
        value={knobs.length}
        onChange={(length) => onChange({ length })}
      />
      <label>
        <span>List made from</span>
        <select
          value={knobs.ranker}
          onChange={({ currentTarget }) => onChange({ ranker: currentTarget.value as Knobs['ranker'] })}
        >
          {rankers.map((name) => (
            <option key={name} value={name}>
              {RANKERS[name] ?? name}
            </option>
          ))}
        </select>
      </label>
      {knobs.ranker !== 'latent' && (
        <Slider
          label="Beam"
          text={`${knobs.beam} prefixes`}
          range={[1, 50]}
          value={knobs.beam}
          onChange={(beam) => onChange({ beam })}
        />
      )}
      <Slider
        label="Diversity"
        text={
          knobs.diversity === 0
            ? 'the best first'
            : `${Math.round(100 * knobs.diversity)} % for being different`
        }
        range={[0, 100]}
        value={Math.round(100 * knobs.diversity)}
        onChange={(percent) => onChange({ diversity: percent / 100 })}
      />
      <label class="check">
        <input
          type="checkbox"
          checked={knobs.registersAlone}
          onChange={({ currentTarget }) => onChange({ registersAlone: currentTarget.checked })}
        />
        <span>Registers alone: hide the newest {NOUNS} from the later layers, as in the paper</span>
      </label>
    </section>
  );
}

function Slider(props: {
  label: string;
  text: string;
  range: [least: number, most: number];
  value: number;
  onChange(value: number): void;
}) {
  const { label, text, range, value, onChange } = props;
  return (
    <label>
      <span>
        {label}: {text}
      </span>
      <input
        type="range"
        min={range[0]}
        max={range[1]}
        value={value}
        aria-valuetext={text}
        onInput={({ currentTarget }) => onChange(Number(currentTarget.value))}
      />
    </label>
  );
}
