/** An error that CloudStack itself would answer with: HTTP status, its text, and the number of the exception class. */
export class ApiError extends Error {
  readonly status: number;
  readonly cs: number | undefined;
  readonly uuids: { uuid: string; description: string }[];
  constructor(status: number, text: string, cs?: number, uuids: { uuid: string; description: string }[] = []) {
    super(text);
    this.status = status;
    this.cs = cs;
    this.uuids = uuids;
  }
}

/** 431 of the framework: a parameter that is missing, malformed or names nothing. */
export const badParameter = (text: string): ApiError => new ApiError(431, text, 9999);

/** 431 of a service: a value it cannot use, or a resource in the wrong state. */
export const badValue = (text: string): ApiError => new ApiError(431, text, 4350);

/** 530: the server tried and failed (CloudRuntimeException). */
export const failure = (text: string): ApiError => new ApiError(530, text, 4250);

/** 531: the caller may not touch this. */
export const forbidden = (text = 'Caller does not have permission to operate with provided resource.'): ApiError =>
  new ApiError(531, text, 4365);

/** 533: no room; the number says of what (4335 hosts, 4340 storage, 4320 addresses, 4330 networks). */
export const noCapacity = (text: string, cs = 4335): ApiError => new ApiError(533, text, cs);

/** 536: something else still uses it. */
export const inUse = (text: string): ApiError => new ApiError(536, text, 9999);

/** 537: two network rules that cannot both be. */
export const conflict = (text: string): ApiError => new ApiError(537, text, 4360);

/** 401 of the servlet, which never has a cserrorcode. */
export const unauthenticated = (text = 'unable to verify user credentials and/or request signature'): ApiError =>
  new ApiError(401, text);

/** The text Terraform and cloudstack-go recognise as "gone". */
export const unknownId = (command: string, name: string, value: string): ApiError =>
  badParameter(
    `Unable to execute API command ${command.toLowerCase()} due to invalid value. Invalid parameter ${name} value=${value} ` +
      'due to incorrect long value format, or entity does not exist or due to incorrect parameter annotation for the field in api cmd class.',
  );

/** What a command without a model here says, rather than inventing a success. */
export const notSimulated = (command: string): ApiError => failure(`${command} is not simulated`);
