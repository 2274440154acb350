// An application needs one page.
// oxlint-disable-next-line import/no-default-export -- Next.js takes a page from the default export.
export default function Missing() {
  return undefined
}
