import { Agent, get } from 'node:http';
import { env } from 'node:process';

const agent = new Agent({ keepAlive: true, maxSockets: 50 });

/** The text of one list of virtual machines, asked with Node's own client and unsigned. */
export const askCloud = (pagesize: number): Promise<string> =>
  new Promise((resolve, reject) => {
    const url = `${env['CLOUDSTACK_API_URL']}?command=listVirtualMachines&pagesize=${pagesize}`;
    get(url, { agent }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => resolve(Buffer.concat(chunks).toString()));
    }).on('error', reject);
  });
