/** Reports what a customer bought, and prints what to offer next: `node recommend.ts CUSTOMER ITEM…` */
import { earnEdge } from 'earn-edge-client';

const [customer = 'ada', ...bought] = process.argv.slice(2);
const earn = earnEdge(process.env.EARN_EDGE_URL ?? 'http://127.0.0.1:8787');

// Stored durably, then recommended from: one request. With a key it is safe to send the request again.
const { data, error } = await earn.POST('/v1/users/{user_id}/recommendations', {
  params: { path: { user_id: customer }, header: { 'idempotency-key': `order-${bought.join('-')}` } },
  body: { items: (bought.length > 0 ? bought : ['1']).map((id) => ({ id })), k: 5 },
});

if (error) {
  console.error(`${error.code}: ${error.detail}`);
  process.exit(1);
}
for (const { rank, title } of data.items) console.log(`${rank}. ${title}`);
