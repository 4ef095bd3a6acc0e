/** What a check found, and how to fix it. */
export interface CheckResult {
  /** One word: `node`, `configuration`, `url`, `dns`, `tls`, …. */
  check: string;
  status: 'fine' | 'warning' | 'wrong' | 'skipped';
  found: string;
  mend?: string | undefined;
}

/** A check that found nothing amiss. */
export const fine = (check: string, found: string): CheckResult => ({ check, status: 'fine', found });

/** A check that found what stops calls. */
export const wrong = (check: string, found: string, mend: string): CheckResult => ({
  check,
  status: 'wrong',
  found,
  mend,
});

/** A check that found what may hurt one day. */
export const warning = (check: string, found: string, mend: string): CheckResult => ({
  check,
  status: 'warning',
  found,
  mend,
});

/** A check that could not be made, and why. */
export const skipped = (check: string, found: string): CheckResult => ({ check, status: 'skipped', found });
