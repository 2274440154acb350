const topicPattern = /^[A-Za-z0-9._~:/@%-]{1,256}$/
const topicsMax = 32
// Another case, a list as frameworks write it, a slip, HTML in a URL.
const nearMiss = /^(?:amp;)?(?:topics?|tpoic)(?:\[\d*\])?$/i

/** The topics that a query asks for, or undefined where it asks wrongly. */
export function topicsIn(query: URLSearchParams): Set<string> | undefined {
  const asked = query.has('topic') ? query.getAll('topic') : ['lobby']
  const missed = [...query.keys()].some(name => name !== 'topic' && nearMiss.test(name))
  const topics = new Set(asked)
  const allowed = topics.size <= topicsMax && asked.every(topic => topicPattern.test(topic))
  return allowed && !missed ? topics : undefined
}

/** The ids that a query names, however it spells the parameter. */
export function idsIn(query: URLSearchParams): Set<string> {
  const spelt = [...query].filter(([name]) => /^(?:evs)?lasteventid$/i.test(name.replaceAll(/[-_]/g, '')))
  return new Set(spelt.map(([, id]) => id).filter(id => id !== ''))
}
