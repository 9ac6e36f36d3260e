/** `npm run test:train`: the tests, types and style of the Python package in this folder. */
import { join } from 'node:path';
import { defineCommand, runCommand } from '../command.ts';
import { pythonFolder, runPython } from '../python.ts';

const command = defineCommand({
  usage: `npm run test:train [-- -- arguments of pytest]

Checks the Python package in scripts/train: ruff, mypy and pytest.`,
  options: {},
  rest: 'arguments of pytest',
  async main(_, { rest }) {
    const project = join(pythonFolder, 'pyproject.toml');
    await runPython(['-m', 'ruff', 'check', '--quiet', pythonFolder]);
    await runPython(['-m', 'ruff', 'format', '--quiet', '--check', pythonFolder]);
    await runPython(['-m', 'mypy', '--config-file', project, pythonFolder]);
    await runPython(['-m', 'pytest', '--quiet', '--config-file', project, pythonFolder, ...rest]);
  },
});

if (import.meta.main) await runCommand(command);
