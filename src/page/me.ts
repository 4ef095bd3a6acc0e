/** Someone who is signed in; `until` in milliseconds since 1970. */
export interface Me {
  principal: string;
  method: 'issuer' | 'token' | 'link';
  until: number;
  role: string;
  policy: string;
  profiles: string[];
  version: string;
}

/** No one is signed in: the ways to do it. */
export interface SignedOut {
  signIn: ('issuer' | 'token' | 'link')[];
  version: string;
}
