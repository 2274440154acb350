/** The anchor of a title, as GitHub makes it: one link is then right in the repository and on the site. */
export function slug(title: string): string {
  return title
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\-_ ]/gu, '')
    .trim()
    .replaceAll(' ', '-')
}
