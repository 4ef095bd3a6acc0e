import { loadData } from '../../data.ts';
import type { Call, Result, Work } from '../rules/call.ts';
import { ApiError } from '../world/errors.ts';
import type { Queue } from '../world/queue.ts';
import type { Resource } from '../world/types.ts';
import { bodyOf } from './envelope.ts';
import type { Renderer } from './render.ts';

/** How a job may be made to go wrong on purpose. */
export type JobFault = 'fail' | 'hang' | undefined;

/** The asynchronous half of the API. */
export interface AsyncJobs {
  /** Makes a job for a call's work; `custom` is the uuid that the caller chose for it. */
  start(call: Call, work: Work, custom?: string, fault?: JobFault): Resource;
  queue: Queue;
}

const maxJobs = 5000;

interface JobClass {
  /** Java package, without the prefix that most have. */
  folder: string;
  name: string;
  /** Root administrators have one of their own. */
  isVaried: boolean;
}

let classes: ReadonlyMap<string, JobClass> | undefined;

/** Entries of data/job-classes.json by command: `command`, `command=Class`, with `*` for one that has a variant for administrators. */
const readClasses = (): ReadonlyMap<string, JobClass> =>
  new Map(
    Object.entries(loadData<Record<string, string>>('job-classes.json')).flatMap(([folder, entries]) =>
      entries.split(' ').map((entry) => {
        const [command = '', name = `${command.charAt(0).toUpperCase()}${command.slice(1)}`] = entry
          .replace('*', '')
          .split('=');
        return [command, { folder, name, isVaried: entry.endsWith('*') }] as const;
      }),
    ),
  );

/** The Java class that a job names; commands of plug-ins that are in no stock package have their older place. */
const classOf = ({ command, caller }: Call): string => {
  classes ??= readClasses();
  const { folder, name, isVaried } = classes.get(command.name) ?? {
    folder: 'com.cloud.api.commands',
    name: `${command.name.charAt(0).toUpperCase()}${command.name.slice(1)}`,
    isVaried: false,
  };
  const isByAdmin = isVaried && caller.root;
  const path = isByAdmin ? folder.replace('user.', 'admin.') : folder;
  const prefix = /^(?:org|com)\./.test(path) ? '' : 'org.apache.cloudstack.api.command.';
  return `${prefix}${path}.${name}Cmd${isByAdmin ? 'ByAdmin' : ''}`;
};

const resultOf = (call: Call, result: Result, renderer: Renderer): string => {
  if (result.form === 'success')
    return `{"success":true${result.text === undefined ? '' : `,"details":${JSON.stringify(result.text)}`}}`;
  return `{${bodyOf(call, result, renderer)}}`;
};

/** What jobs take from the simulator that they are of. */
export interface JobOptions {
  renderer: Renderer;
  queue: Queue;
  /** How long each takes. */
  millis: number;
  onEnd: (call: Call, job: Resource, error?: ApiError) => void;
  /** Whether the job that ends now will be forgotten before anyone can ask for its result. */
  isForgotten: () => boolean;
}

/** Jobs end when the queue is settled. */
export const createJobs = ({ renderer, queue, millis, onEnd, isForgotten }: JobOptions): AsyncJobs => {
  const end = (call: Call, job: Resource, work: Work, fault: JobFault): void => {
    const { world } = call;
    const completed = { completed: world.now(), jobresulttype: 'object' };
    try {
      if (fault === 'fail') throw new ApiError(530, `Simulated failure of ${call.command.name}`, 4250);
      const result = work.finish();
      const jobresult: unknown = isForgotten() ? {} : JSON.parse(resultOf(call, result, renderer));
      world.update(job, { ...completed, jobstatus: 1, jobresult: jobresult as Resource['fields'] });
      onEnd(call, job);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      // In jobs only invalid values keep 431; permissions, conflicts and the rest all become 530 (docs/cloudstack-behaviour.md §2.3).
      const code =
        error.cs === 9999 || error.cs === 4350 || [532, 533, 535].includes(error.status) ? error.status : 530;
      const jobresult = { errorcode: code, errortext: error.message };
      world.update(job, { ...completed, jobstatus: 2, jobresultcode: code, jobresult });
      onEnd(call, job, error);
    }
  };
  return {
    queue,
    start: (call, work, custom, fault) => {
      const { world, caller, command } = call;
      const old = world.all('AsyncJob');
      if (old.length > maxJobs)
        for (const job of old.slice(0, maxJobs / 10)) if (job.fields['jobstatus'] !== 0) world.forget(job);
      const job = world.insert(
        'AsyncJob',
        {
          accountid: caller.account.id,
          account: caller.account.fields['name'],
          domainid: caller.domain.id,
          domainpath: caller.domain.fields['path'],
          userid: caller.user.id,
          cmd: classOf(call),
          jobstatus: 0,
          jobprocstatus: 0,
          jobresultcode: 0,
          created: world.now(),
          managementserverid: world.all('ManagementServer')[0]?.id,
          ...(work.on ? { jobinstanceid: work.on.id } : {}),
          ...(work.on && command.jobType !== undefined ? { jobinstancetype: command.jobType } : {}),
        },
        { owner: caller.account.id, ...(custom === undefined ? {} : { id: custom }) },
      );
      if (fault !== 'hang') queue.later(millis * (work.factor ?? 1), () => end(call, job, work, fault));
      return job;
    },
  };
};
