import { approvalUrlOf, publicUrlOf } from '../config/public-url.ts';
import type { Config } from '../config/config.ts';
import { createGuard } from '../guard/guard.ts';
import type { PlanComposition } from '../plan/saved.ts';
import { readTail } from '../audit/tail.ts';
import { auditFiles } from '../audit/targets.ts';
import { createRowCosts } from '../present/page.ts';
import { openStore } from '../store/open.ts';
import type { Store } from '../store/store.ts';
import { openAudit } from './audit.ts';
import { openClouds } from './clouds.ts';
import { createRules, openGuard, openPlans, openQuestions } from './guard.ts';
import { createJobs } from './jobs.ts';
import { createWebhook } from './webhook.ts';
import type { ComposeOptions } from './options.ts';

/** The composition of one server, and what is not the path's. */
export interface ServerComposition extends PlanComposition {
  store: Store;
  /** Takes over the rules of a configuration that was read again. Throws a configuration error for rules that cannot be right. */
  reload(config: Config): void;
  /** Logs out, closes connections and the audit log. */
  close(): Promise<void>;
}

/** Entries of the audit log that one undo looks at. */
const maxEntries = 500;

/** Puts together everything a call needs. Each part gets the configuration, and names the sections that it reads. */
export const compose = (config: Config, options: ComposeOptions): ServerComposition => {
  const { observe, tracing } = options;
  const store = options.store ?? openStore(config, options);
  const clouds = openClouds(config, store, options);
  const jobs = createJobs(store);
  const questions = openQuestions(store, config);
  const audit = openAudit(config, questions.isAnswered, options);
  const onWaiting = createWebhook(
    config,
    (code) => {
      const origin = config.transport === 'http' && config.page ? publicUrlOf(config.auth) : undefined;
      return origin === undefined ? undefined : approvalUrlOf(origin, code);
    },
    options.report,
  );
  const dependencies = openGuard(config, { store, clouds, jobs, questions }, observe, onWaiting);
  const composition: ServerComposition = {
    clouds,
    guard: createGuard(createRules(config), dependencies),
    audit,
    jobs,
    observer: { observe, tracing },
    limits: config,
    rowCosts: createRowCosts(),
    store,
    plans: openPlans(config, store),
    readEntries: (filter) => readTail(auditFiles(config.audit), maxEntries, filter),
    reload: (changed) => {
      composition.guard = createGuard(createRules({ ...changed, profiles: config.profiles }), dependencies);
    },
    close: async () => {
      await clouds.close();
      await audit.close();
      // One that was given is its giver's to close.
      if (!options.store) await store.close();
    },
  };
  return composition;
};
