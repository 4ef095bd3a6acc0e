import { appView } from './bridge.ts';
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

/** Inside a host the document's address is the host's: where someone is stays here. */
let inApp = '';
const hash = (): string => (appView === undefined ? location.hash : inApp);

/** Goes to an address of `linkTo`. */
export const goTo = (address: string): void => {
  if (appView === undefined) location.hash = address;
  else {
    inApp = address;
    dispatchEvent(new Event('hashchange'));
  }
};
if (appView !== undefined)
  document.addEventListener('click', (event) => {
    const clicked = event.target instanceof Element ? event.target.closest('a, button') : null;
    const address = clicked?.getAttribute('href');
    const form = clicked instanceof HTMLButtonElement && clicked.type === 'submit' ? clicked.form : null;
    if (address || form) event.preventDefault();
    if (address?.startsWith('#/')) goTo(address);
    // Hosts let no frame submit forms; what a form means is in its listener.
    if (form?.reportValidity()) form.dispatchEvent(new Event('submit', { cancelable: true }));
  });

const read = (): Address => {
  const [path = '', query = ''] = hash().replace(/^#\/?/, '').split('?');
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
