/** `npm run train -- --data DIR …` (`scripts/train/train.py` has the flags), `npm run rank`, `npm run attention` and `npm run test:train`. */
import { join } from 'node:path';
import { exitOnSignals } from './command.ts';
import { pythonFolder, runPython } from './python.ts';

exitOnSignals();
const [first, ...rest] = process.argv.slice(2);
if (first === '--test') await runPython(['-m', 'pytest', '--quiet', pythonFolder, ...rest]);
else if (first === '--attention') await runPython([join(pythonFolder, 'attention.py'), ...rest]);
else if (first === '--rank') await runPython([join(pythonFolder, 'rank.py'), ...rest]);
else await runPython([join(pythonFolder, 'train.py'), ...process.argv.slice(2)]);
