import { useEffect, useState } from 'preact/hooks';

/** Where in the page someone is: words of the address behind the `#`, and what stands after its `?`. */
export interface Address {
  view: string;
  rest: string[];
  query: URLSearchParams;
}

const decode = (word: string): string => {
  try {
    return decodeURIComponent(word);
  } catch {
    return word;
  }
};

const read = (): Address => {
  const [path = '', query = ''] = location.hash.replace(/^#\/?/, '').split('?');
  const [view = '', ...rest] = path.split('/').map(decode);
  return { view, rest, query: new URLSearchParams(query) };
};

/** The address of a place of the page. */
export const linkTo = (words: readonly string[], query: Record<string, string> = {}): string => {
  const search = new URLSearchParams(query).toString();
  return `#/${words.map(encodeURIComponent).join('/')}${search ? `?${search}` : ''}`;
};

/** The place, now and after every change of the address. */
export const usePlace = (): Address => {
  const [place, setPlace] = useState(read);
  useEffect(() => {
    const onChange = (): void => setPlace(read());
    addEventListener('hashchange', onChange);
    return () => removeEventListener('hashchange', onChange);
  }, []);
  return place;
};
