/** `npm run train -- --data DIR …` (`scripts/train/train.py` has the flags), `npm run rank` and `npm run test:train`. */
import { join } from 'node:path';
import { pythonFolder, runPython } from './python.ts';

const [first, ...rest] = process.argv.slice(2);
if (first === '--test') runPython(['-m', 'pytest', '--quiet', pythonFolder, ...rest]);
else if (first === '--rank') runPython([join(pythonFolder, 'rank.py'), ...rest]);
else runPython([join(pythonFolder, 'train.py'), ...process.argv.slice(2)]);
