/** Data that is hard to frame, and what a client must get. */
export type Awkward = {
  id: string
  name: string
  why: string
  /** Each is an event of its own. Those without a line break are, so that line breaks are not what they are judged by. */
  data: string[]
  /** Where text that is not JSON arrives as something else. */
  arrives?: string[]
  /** Cases that explain a failure of this one. */
  after?: string[]
}

export const awkward: Awkward[] = [
  {
    id: 'lf',
    name: 'data of several lines arrives as several lines',
    why: 'with one data field for all, a client gets the first line and drops the rest as unknown fields',
    data: ['a\nb\nc'],
  },
  {
    id: 'cr',
    name: 'a lone CR in data arrives as a line break',
    why: 'a lone CR ends a line by the standard: what follows it would be read as a field of its own',
    data: ['a\rb'],
    arrives: ['a\nb'],
    after: ['framing/lf'],
  },
  {
    id: 'crlf',
    name: 'a CRLF in data arrives as one line break',
    why: 'text from Windows would lose its lines, or get an empty one after each',
    data: ['a\r\nb'],
    arrives: ['a\nb'],
    after: ['framing/lf'],
  },
  {
    id: 'blank-line',
    name: 'a blank line in data does not end the event',
    why: 'clients would get half of the event, and the other half as fields',
    data: ['a\n\n\nb'],
    after: ['framing/lf'],
  },
  {
    id: 'mixed-breaks',
    name: 'LF, CR, CRLF and LFCR beside each other keep their number of lines',
    why: 'a splitter that knows one kind of break joins or doubles lines',
    data: ['a\r\r\nb\n\rc\r\n\r\nd'],
    arrives: ['a\n\nb\n\nc\n\nd'],
    after: ['framing/lf', 'framing/cr', 'framing/crlf', 'framing/blank-line'],
  },
  {
    id: 'trailing-break',
    name: 'line breaks at the end of data are kept',
    why: 'by the standard one LF at the end belongs to the framing, so those of the data need lines of their own',
    data: ['a\n\n'],
    after: ['framing/lf', 'framing/blank-line'],
  },
  {
    id: 'leading-break',
    name: 'line breaks at the beginning of data are kept',
    why: 'the first line is then empty, and a server that skips empty lines loses it',
    data: ['\n\na'],
    after: ['framing/lf', 'framing/blank-line'],
  },
  {
    id: 'leading-space',
    name: 'spaces at the beginning of data are kept',
    why: 'a client takes one space off: without "data: " indented text shifts to the left',
    data: ['  a', ' b', '\tc'],
  },
  {
    id: 'trailing-space',
    name: 'spaces and tabs at the end of data are kept',
    why: 'a server that trims changes data that is signed or compared',
    data: ['a  ', 'b\t', ' '],
  },
  {
    id: 'empty',
    name: 'empty data is dispatched',
    why: 'without a data line the standard drops the event, and its client never hears of it',
    data: [''],
    after: ['framing/blank-line'],
  },
  {
    id: 'unicode',
    name: 'emoji, U+0085, U+2028 and U+2029 arrive as they are',
    why: 'they are line breaks in other languages: a splitter of such a language breaks the event',
    data: ['é 😀 👩‍👩‍👧 \u0085 \u2028 \u2029 \u000b \u000c end'],
  },
  {
    id: 'bom',
    name: 'a BOM at the beginning of data survives',
    why: 'a decoder per event takes it off, and data differs from what was published',
    data: ['\uFEFFa', '\uFEFF'],
  },
  {
    id: 'colons',
    name: 'colons in data are data',
    why: 'a client splits at the first colon alone; a server that escapes or splits there changes URLs and times',
    data: [':', '::a: b', 'http://a:1/'],
  },
  {
    id: 'forged-fields',
    name: 'data that looks like fields stays data',
    why: 'whoever may publish text could set the id, the type or the retry time of every client',
    data: ['id: 9\nevent: forged\nretry: 1\n:comment\ndata: x'],
    after: ['framing/lf'],
  },
  {
    id: 'forged-event',
    name: 'data cannot forge an event, whatever kind of line break it uses',
    why: 'whoever may publish text could speak in the name of the server',
    data: ['a\r\rid: 9\revent: forged\rdata: b\r\r\ndata: c\r\n\r\n'],
    arrives: ['a\n\nid: 9\nevent: forged\ndata: b\n\ndata: c\n\n'],
    after: ['framing/lf', 'framing/cr', 'framing/crlf', 'framing/blank-line'],
  },
  {
    id: 'long-line',
    name: 'a line of 32,000 characters arrives whole',
    why: 'a buffer of fixed size cuts JSON in the middle',
    data: [`${'0123456789'.repeat(3200)}!`],
  },
  {
    id: 'long-unicode',
    name: 'emoji survive where packets and chunks cut them',
    why: 'a proxy or server that decodes each piece by itself turns four bytes into four question marks',
    data: ['😀€é'.repeat(3000)],
  },
  {
    id: 'many-lines',
    name: 'data of 2,000 lines arrives whole',
    why: 'stack traces and logs are such data',
    data: [Array.from({ length: 2000 }, (_, n) => `line ${n}`).join('\n')],
    after: ['framing/lf'],
  },
]
