/**
 * `npm run train`, `refit`, `rank` and `attention`: commands of the Python package in `scripts/train`.
 */
import { runCommand } from './command.ts';
import { runEarnTrain } from './python.ts';

await runCommand({
  usage: '', // Python says it
  async execute([command, ...args]) {
    await runEarnTrain(command, args);
  },
});
