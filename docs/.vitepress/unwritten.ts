/** Pages that others link to and that are not written yet. A dead link to any other page fails the build. */
export const unwritten = ['take-it-home', 'comparison']
