import { brotliDecompressSync, constants, gunzipSync, inflateSync, zstdDecompressSync } from 'node:zlib'
import type { Answer } from './answer.ts'

const ways: Record<string, (bytes: Buffer) => Buffer> = {
  gzip: bytes => gunzipSync(bytes, { finishFlush: constants.Z_SYNC_FLUSH }),
  deflate: bytes => inflateSync(bytes, { finishFlush: constants.Z_SYNC_FLUSH }),
  br: bytes => brotliDecompressSync(bytes, { finishFlush: constants.BROTLI_OPERATION_FLUSH }),
  zstd: bytes => zstdDecompressSync(bytes, { finishFlush: constants.ZSTD_e_flush }),
}

/** What a client can make of the body so far, which has not ended. What cannot be decoded is no text. */
export function decoded(answer: Answer): string {
  const decode = ways[answer.header('content-encoding') ?? '']
  if (decode === undefined) return answer.text
  try {
    return decode(answer.body).toString()
  } catch {
    return ''
  }
}
