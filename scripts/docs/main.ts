/** `npm run docs`: the numbers in README.md and docs/ from the measurements in docs/*.json. */
import { defineCommand, runCommand } from '../command.ts';
import { updateDocuments } from './documents.ts';

const command = defineCommand({
  usage: `npm run docs

Writes the generated passages of README.md and docs/*.md anew, from docs/*.json and the embedded model. They
stand between comments that name them, <!-- NAME --> and <!-- end of NAME -->, or <!-- NAME --> and <!-- end
--> within a line; \`npm test\` fails when one differs. \`npm run results\` and \`npm run performance\` do
this too.`,
  options: {},
  async main(_, { print }) {
    print(JSON.stringify({ changed: await updateDocuments() }));
  },
});

if (import.meta.main) await runCommand(command);
