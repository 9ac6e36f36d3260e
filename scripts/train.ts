/** `npm run train`, `rank`, `attention` and `test:train`: the Python package in `scripts/train`. */
import { join } from 'node:path';
import { exitOnSignals } from './command.ts';
import { pythonFolder, runPython } from './python.ts';

exitOnSignals();
const [first, ...rest] = process.argv.slice(2);
if (first === '--test') {
  const project = join(pythonFolder, 'pyproject.toml');
  await runPython(['-m', 'ruff', 'check', '--quiet', pythonFolder]);
  await runPython(['-m', 'ruff', 'format', '--quiet', '--check', pythonFolder]);
  await runPython(['-m', 'mypy', '--config-file', project, pythonFolder]);
  await runPython(['-m', 'pytest', '--quiet', '--config-file', project, pythonFolder, ...rest]);
} else if (first === '--attention') await runPython(['-m', 'earn_train.attention', ...rest]);
else if (first === '--rank') await runPython(['-m', 'earn_train.rank', ...rest]);
else await runPython(['-m', 'earn_train.train', ...process.argv.slice(2)]);
