import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { inWords, useAsk, type CallAnswer, type ShownRow } from '../ask.ts';
import { AnswerTable, Badge, Loaded, LongText, Pager, Section } from '../parts.tsx';
import { NetworkMapOf } from './network-map.tsx';
import { goTo, linkTo, type Address } from '../router.ts';

/** A kind of resource that can be listed. */
export interface ShownKind {
  name: string;
  title: string;
  plural: string;
  list: string;
  args?: Record<string, unknown>;
  filter?: string;
}

interface Related {
  lists: (ShownKind & { parameter: string })[];
  actions: { tool: string; summary: string; risk: string }[];
}

const pageSize = 50;

/** The address of a row's own page, where it has an id. */
const linkOf =
  (kind: string) =>
  (row: ShownRow): string | undefined => {
    const id = row['id'];
    return typeof id === 'string' || typeof id === 'number' ? linkTo(['resources', kind, String(id)]) : undefined;
  };

const KindTable = ({
  kind,
  profile,
  query,
}: {
  kind: ShownKind;
  profile: string | undefined;
  query: URLSearchParams;
}): JSX.Element => {
  const [name, setName] = useState('');
  const [wanted, setWanted] = useState('');
  const [sort, setSort] = useState('');
  const [page, setPage] = useState(1);
  const state = query.get('state');
  const args = { ...kind.args, ...(state ? { state } : {}), ...(wanted ? { [kind.filter ?? 'keyword']: wanted } : {}) };
  // Sorted lists are read whole by the server: it says so where that is too much.
  const view = sort ? { sort, pagesize: 500 } : { page, pagesize: pageSize };
  const asked = useAsk<CallAnswer>('call', { tool: kind.list, args, profile, ...view });
  return (
    <Section title={`${kind.plural[0]?.toUpperCase() ?? ''}${kind.plural.slice(1)}`} wide>
      <form
        class="search"
        role="search"
        onSubmit={(event) => {
          event.preventDefault();
          setPage(1);
          setWanted(name.trim());
        }}
      >
        <label>
          Search by name
          <input type="search" value={name} onInput={(event) => setName(event.currentTarget.value)} />
        </label>
        <button type="submit">Search</button>
        {state ? (
          <a href={linkTo(['resources', kind.name])}>
            Only <Badge>{state}</Badge>: show all
          </a>
        ) : null}
      </form>
      <Loaded asked={asked}>
        {(answer) => (
          <>
            <AnswerTable answer={answer} label={kind.plural} linkOf={linkOf(kind.name)} sort={sort} onSort={setSort} />
            <Pager page={page} isMore={page * pageSize < (answer.count ?? 0)} onPage={sort ? undefined : setPage}>
              {answer.rows.length} of {answer.count ?? answer.rows.length}
            </Pager>
          </>
        )}
      </Loaded>
    </Section>
  );
};

const Hanging = ({
  list,
  id,
  profile,
}: {
  list: Related['lists'][number];
  id: string;
  profile: string | undefined;
}): JSX.Element | null => {
  const args = { ...list.args, [list.parameter]: id };
  const asked = useAsk<CallAnswer>('call', { tool: list.list, args, profile, pagesize: 20 });
  // What this cloud or this account does not list hangs on nothing here.
  if (!asked.data?.rows.length) return null;
  return (
    <Section title={`${list.plural} (${asked.data.count ?? asked.data.rows.length})`}>
      <AnswerTable answer={asked.data} label={list.plural} linkOf={linkOf(list.name)} />
    </Section>
  );
};

/** One resource with what hangs on it, and what can be done with it. */
export const Details = ({
  kind,
  id,
  profile,
}: {
  kind: ShownKind;
  id: string;
  profile: string | undefined;
}): JSX.Element => {
  const asked = useAsk<CallAnswer>('call', { tool: kind.list, args: { ...kind.args, id }, profile, fields: ['*'] });
  const related = useAsk<Related>('related', { kind: kind.name, profile });
  return (
    <div class="grid">
      <p class="wide">
        <a href={linkTo(['resources', kind.name])}>All {kind.plural}</a>
      </p>
      <Loaded asked={asked}>
        {({ rows, columns, cells }) => {
          const [row] = rows;
          if (!row) return <p class="wide">There is no {kind.title} with this id that you can see.</p>;
          const fields = columns.length ? columns : Object.keys(row);
          return (
            <Section title={inWords(row['displayname'] ?? row['name'] ?? row['id'])} wide>
              <dl class="fields">
                {fields.map((field, at) => (
                  <div key={field}>
                    <dt>{field}</dt>
                    <dd>
                      <LongText>{cells?.[0]?.[at] ?? inWords(row[field])}</LongText>
                    </dd>
                  </div>
                ))}
              </dl>
            </Section>
          );
        }}
      </Loaded>
      {kind.name === 'Network' || kind.name === 'Vpc' ? (
        <NetworkMapOf of={{ [kind.name === 'Vpc' ? 'vpc' : 'network']: id }} profile={profile} />
      ) : null}
      {related.data?.lists.map((list) => (
        <Hanging key={`${list.list} ${list.parameter}`} list={list} id={id} profile={profile} />
      ))}
      {related.data?.actions.length ? (
        <Section title="What can be done with it" wide>
          <ul class="actions">
            {related.data.actions.map(({ tool, summary, risk }) => (
              <li key={tool}>
                <a href={linkTo(['tools', tool], { id })}>{tool}</a> <Badge>{risk}</Badge>{' '}
                <span class="quiet">{summary}</span>
              </li>
            ))}
          </ul>
        </Section>
      ) : null}
    </div>
  );
};

/** Resources by kind, and one of them with everything that hangs on it. */
export const Resources = ({ place, profile }: { place: Address; profile: string | undefined }): JSX.Element => {
  const asked = useAsk<{ kinds: ShownKind[] }>('kinds', { profile });
  const [wanted = 'UserVm', id] = place.rest;
  return (
    <Loaded asked={asked}>
      {({ kinds }) => {
        const kind = kinds.find(({ name }) => name === wanted) ?? kinds.find(({ name }) => name === 'UserVm');
        if (!kind) return <p>The cloud lists nothing to this account.</p>;
        return (
          <>
            <label class="chooser">
              Kind
              <select value={kind.name} onChange={(event) => goTo(linkTo(['resources', event.currentTarget.value]))}>
                {kinds.map(({ name, plural }) => (
                  <option key={name} value={name}>
                    {plural}
                  </option>
                ))}
              </select>
            </label>
            {id === undefined ? (
              <KindTable key={kind.name} kind={kind} profile={profile} query={place.query} />
            ) : (
              <Details key={id} kind={kind} id={id} profile={profile} />
            )}
          </>
        );
      }}
    </Loaded>
  );
};
