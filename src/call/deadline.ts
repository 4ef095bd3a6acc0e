/** When a call has to end. It moves on while the call waits for its human. */
export interface Deadline {
  /** Milliseconds until then; negative once it is over. */
  left(): number;
  /** Stops the clock until what it returns is called. */
  pause(): () => void;
}

/** A deadline at a moment, in milliseconds since 1970. */
export const createDeadline = (moment: number): Deadline => {
  let end = moment;
  return {
    left: () => end - Date.now(),
    pause: () => {
      const begun = Date.now();
      return () => {
        end += Date.now() - begun;
      };
    },
  };
};
