export type SideKind = 'broken' | 'fixed' | 'single'

/** What a side shows, by its bus and by how many sides there are. */
export function kindOf(bus: string, sides: number): SideKind {
  if (bus !== 'memory') return 'fixed'
  return sides > 1 ? 'broken' : 'single'
}
