import { loadData } from '../data.ts';

/** A call of a tool of the list: its name and arguments. */
export type ToolCall = readonly [tool: string, args: Readonly<Record<string, unknown>>];

/** What must be so at the simulator when a task is over. */
export interface EndState {
  command: string;
  params: Readonly<Record<string, string>>;
  /** So many rows; by default at least one. */
  count?: number;
  /** Fields of the first row, as text. */
  has?: Readonly<Record<string, string>>;
}

/** What a task is about: to look, to change, to diagnose, to refuse, to be refused, or to keep within a budget. */
export type TaskKind = 'look' | 'change' | 'diagnose' | 'refuse' | 'be-refused' | 'budget';

/** One task of data/evals.json. */
export interface Task {
  name: string;
  kind: TaskKind;
  /** What the user asks for. */
  ask: string;
  /** So many machines more in the simulated cloud. */
  vms?: number;
  /** Only reads are allowed by the server. */
  readOnly?: boolean;
  /** Made before the task begins. */
  setup?: readonly ToolCall[];
  /** What the person at the host says to a confirmation; by default yes. `absent`: the host cannot ask. */
  person?: 'yes' | 'no' | 'absent';
  /** Commands that may change something; every other change is damage. */
  allowed?: readonly string[];
  /** Patterns that the last answer must match, whatever the letter case. */
  answer?: readonly string[];
  end?: readonly EndState[];
  /** The most calls, and tokens of all answers together; otherwise the task is not passed. */
  maxCalls?: number;
  maxTokens?: number;
  /** How we do it; without words of its own the answer is what the calls said. */
  solution: { calls: readonly ToolCall[]; answer?: string };
}

/** Every task. */
export const loadTasks = (): readonly Task[] => loadData<Task[]>('evals.json');
