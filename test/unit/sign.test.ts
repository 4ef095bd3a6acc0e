import { expect, test } from 'vitest';
import { createKeyCredential } from '../../src/cloudstack/credential.ts';
import { expiresAt, sign, toQuery } from '../../src/cloudstack/sign.ts';
import { signIndependently, stringToSign } from '../support/independent-signature.ts';

const never = new AbortController().signal;

test('the published example is signed as published', () => {
  const params = {
    'tags[0].value': 'web*1~(blue)+é',
    signatureVersion: '3',
    command: 'createTags',
    response: 'json',
    resourcetype: 'UserVm',
    resourceids: '7f8c2c1e-0d5a-4f6e-9a51-2b1f4b6f0c11',
    expires: '2030-01-31T12:34:56+0000',
    apiKey: 'EXAMPLEkey-0001',
    'tags[0].key': 'app tier',
  };
  expect(stringToSign(Object.entries(params))).toBe(
    'apikey=examplekey-0001&command=createtags&expires=2030-01-31t12%3a34%3a56%2b0000' +
      '&resourceids=7f8c2c1e-0d5a-4f6e-9a51-2b1f4b6f0c11&resourcetype=uservm&response=json&signatureversion=3' +
      '&tags[0].key=app%20tier&tags[0].value=web*1%7e%28blue%29%2b%c3%a9',
  );
  expect(sign(params, 's3cr3t-KEY_example')).toBe('aus0Aa7aSxtKWyb3UvVrR5CMBG4=');
});

test('names are sorted by their bytes, not by code units or without regard to case', () => {
  const params = { b: '1', B: '2', 'a[10].x': '3', 'a[2].x': '4', '\u{10000}': '5', '\uffff': '6' };
  expect(sign(params, 'k')).toBe(signIndependently(params, 'k'));
  expect(
    stringToSign(Object.entries(params))
      .split('&')
      .map((part) => part.split('=')[1]),
  ).toEqual(['2', '3', '4', '1', '6', '5']);
});

test('a signature is sent encoded: + / and = of its Base64 arrive as they are', () => {
  expect(toQuery({ signature: 'a+b/c==' })).toBe('signature=a%2Bb%2Fc%3D%3D');
});

test('a request is valid for some minutes, said in the form that CloudStack reads', async () => {
  const before = Date.now();
  const { query } = await createKeyCredential({ apiKey: 'k', secretKey: 's' }).prove({ command: 'listZones' }, never);
  const expires = new URLSearchParams(query).get('expires')!;
  expect(expires).toMatch(/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\+0000$/);
  const minutes = (Date.parse(expires.replace('+0000', 'Z')) - before) / 60_000;
  expect(minutes).toBeGreaterThan(1);
  expect(minutes).toBeLessThanOrEqual(15);
  expect(expiresAt(Date.parse('2030-01-31T12:34:56.789Z'), 1000)).toBe('2030-01-31T12:34:57+0000');
});
