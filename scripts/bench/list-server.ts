/**
 * The least a cloud in memory can be over HTTP: it reads 10,000 rows from a file, the argument, and writes a page of 100 as JSON
 * for each request. Prints one JSON line with its URL.
 */
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

const rows = JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8')) as object[];
const server = createServer(({ url = '/' }, response) => {
  const page = Number(new URL(url, 'http://cloud').searchParams.get('page') ?? 1);
  const items = rows.slice((page - 1) * 100, page * 100);
  const text = JSON.stringify({ listvirtualmachinesresponse: { count: rows.length, virtualmachine: items } });
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) });
  response.end(text);
});
server.listen(0, '127.0.0.1', () => {
  const { port } = server.address() as AddressInfo;
  process.stdout.write(`${JSON.stringify({ url: `http://127.0.0.1:${port}/client/api` })}\n`);
});
process.on('SIGTERM', () => process.exit());
