/** undici's pool by itself; its types come with the whole of it only. */
declare module 'undici/lib/dispatcher/pool.js' {
  import { Pool } from 'undici';
  export = Pool;
}
