import type { Readable } from 'node:stream';

/** The JSON messages of an event stream, as they arrive. Throws when the stream breaks. */
export async function* readEvents(body: Readable): AsyncGenerator<unknown> {
  const decoder = new TextDecoder();
  let text = '';
  for await (const chunk of body as AsyncIterable<Uint8Array>) {
    text += decoder.decode(chunk, { stream: true });
    for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
      const data = text
        .slice(0, end)
        .split('\n')
        .filter((line) => line.startsWith('data:'))
        .map((line) => line.slice(5))
        .join('\n');
      text = text.slice(end + 2);
      if (data.trim()) yield JSON.parse(data) as unknown;
    }
  }
}
