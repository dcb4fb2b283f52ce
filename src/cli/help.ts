/** What an exit code of replrt means, for help texts. */
export const EXIT_CODES = `Exit codes:
  the program's own, except:
  123  divergence: a backup's program did not do what the log says
  125  replrt could not: the error says why and what to do
  134  the program trapped
`;
