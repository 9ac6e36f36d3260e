/** What became of the lists, by who made them. */
import { useEffect, useState } from 'preact/hooks';
import { messageOf } from '../ask.ts';
import { plain } from '../format.ts';
import { type HitRate, hitRates, type Sums } from './hit-rates.ts';
import { askJson } from './operator.ts';

const PAUSE_MS = 10_000;

export function Outcomes() {
  const [rates, setRates] = useState<HitRate[]>([]);
  const [problem, setProblem] = useState('');
  useEffect(() => {
    const read = () =>
      askJson<{ sums: Sums[] }>('/v1/outcomes').then(
        ({ sums }) => {
          setRates(hitRates(sums));
          setProblem('');
        },
        (error) => setProblem(messageOf(error)),
      );
    read();
    const timer = setInterval(() => document.visibilityState === 'visible' && read(), PAUSE_MS);
    return () => clearInterval(timer);
  }, []);
  const most = Math.max(0.01, ...rates.map(({ rate, margin }) => rate + (margin ?? 0)));
  return (
    <section aria-labelledby="outcomes-title">
      <h2 id="outcomes-title">Hit rates</h2>
      <p class="soft">
        Of the lists whose users then took something, the share that had it among the first ten. With 95 %
        intervals.
      </p>
      {problem !== '' && <p role="status">{problem}</p>}
      {rates.length === 0 && problem === '' && <p>No user has come back to a list yet.</p>}
      {rates.length > 0 && (
        <table>
          <thead>
            <tr>
              <th scope="col">Made by</th>
              <th scope="col" class="number">
                Lists
              </th>
              <th scope="col">Hit rate</th>
            </tr>
          </thead>
          <tbody>
            {rates.map((one) => (
              <tr key={`${one.model} ${one.ranker} ${one.variant}`}>
                <td>
                  {one.variant || one.ranker} <code>{one.model.slice(0, 8)}</code>
                </td>
                <td class="number">{plain(one.judged)}</td>
                <td>
                  <Interval {...one} most={most} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </section>
  );
}

function Interval({ rate, margin, most }: HitRate & { most: number }) {
  const x = (value: number) => (100 * Math.max(0, value)) / most;
  const percent = (value: number) => `${(100 * value).toFixed(1)} %`;
  return (
    <span class="interval">
      <svg viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true">
        <rect width={x(rate)} y="2" height="6" />
        {margin !== null && <line x1={x(rate - margin)} x2={x(rate + margin)} y1="5" y2="5" />}
      </svg>
      {percent(rate)} {margin !== null && <span class="soft">± {percent(margin)}</span>}
    </span>
  );
}
