import { createParser } from 'eventsource-parser';
import type { Readable } from 'node:stream';

/** The JSON messages of an event stream, as they arrive. Throws when the stream breaks. */
export async function* readEvents(body: Readable): AsyncGenerator<unknown> {
  const decoder = new TextDecoder();
  const arrived: string[] = [];
  const parser = createParser({ onEvent: ({ data }) => void arrived.push(data) });
  for await (const chunk of body as AsyncIterable<Uint8Array>) {
    parser.feed(decoder.decode(chunk, { stream: true }));
    for (const data of arrived.splice(0)) if (data.trim()) yield JSON.parse(data) as unknown;
  }
}
