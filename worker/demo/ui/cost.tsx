/** What the list cost, in a sentence; and for who opens it, in numbers. */
import type { Costs, LastCost } from '../costs.ts';
import { kilobytes, milliseconds } from '../format.ts';
import { counted, NOUN, NOUNS } from '../words.ts';
import { Chart } from './chart.tsx';

export function Cost({ costs: { last, measured } }: { costs: Costs }) {
  return (
    <details class="cost">
      <summary>
        <span id="cost-line">{last ? sentence(last) : 'Making your list …'}</span>
      </summary>
      {last && (
        <div class="panel">
          <Shares last={last} />
          <dl class="numbers">
            <div>
              <dt>Remembered for you</dt>
              <dd>{last.cache.state_bytes === 0 ? 'nothing yet' : kilobytes(last.cache.state_bytes)}</dd>
            </div>
            <div>
              <dt>Ran in</dt>
              <dd id="cost-where">{last.where}</dd>
            </div>
            <div>
              <dt>Model</dt>
              <dd>
                <code>{last.model}</code>
              </dd>
            </div>
          </dl>
          <p class="soft">{why(last)}</p>
          <Chart measured={measured} />
        </div>
      )}
    </details>
  );
}

/** One sentence without a word that only we use. */
export function sentence({ cache, ms, cold, where }: LastCost): string {
  const { reused_items: reused, prefilled_items: fresh, state_bytes } = cache;
  const time =
    cold !== null && reused > 0 ? `${milliseconds(ms)} instead of ${milliseconds(cold)}` : milliseconds(ms);
  const measured =
    where === 'the Worker' ? `${time}, the way to the service included` : `${time} on this device`;
  if (state_bytes === 0) return `Nothing had to be computed: the most popular ${NOUNS}, in ${measured}.`;
  if (fresh === 0) return `Nothing had to be computed, all ${counted(reused)} were remembered: ${measured}.`;
  if (reused === 0) return `All ${counted(fresh)} of your history were computed: ${measured}.`;
  const newest = fresh === 1 ? `your newest ${NOUN} was` : `your ${counted(fresh)} added last were`;
  return `Only ${newest} computed, ${reused} ${reused === 1 ? 'was' : 'were'} remembered: ${measured}.`;
}

function why({ cache }: LastCost): string {
  const { status, state_bytes, window_moved, degraded } = cache;
  if (degraded) return 'What was remembered could not be read, so the history was computed anew.';
  if (state_bytes === 0) return `Add ${NOUNS}, and the model begins to remember you.`;
  if (window_moved)
    return 'The history is longer than the model reads, so it was computed anew from a later start.';
  if (status === 'hit') return 'Nothing is new: what the model remembers was enough.';
  if (status === 'extended') return 'What the model remembers stands for everything before.';
  return 'There was nothing to build on. From now on only what is new is computed.';
}

/** The history as one bar: the part that was remembered and the part that was computed. */
function Shares({ last: { cache } }: { last: LastCost }) {
  const { reused_items: reused, prefilled_items: fresh } = cache;
  const total = Math.max(1, reused + fresh);
  // A single new film among hundreds must stay visible.
  const width = fresh === 0 ? 0 : Math.max(1.5, (100 * fresh) / total);
  const kept = reused === 0 ? 0 : 100 - width;
  return (
    <>
      <p class="shares">
        <span class="kept">{reused} remembered</span>
        <span class="fresh">{fresh} computed</span>
      </p>
      <svg class="bar" viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true">
        <rect class="kept" width={kept} height="8" />
        <rect class="fresh" x={kept} width={width} height="8" />
      </svg>
    </>
  );
}
