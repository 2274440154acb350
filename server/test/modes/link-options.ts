/** Options of a connection that is tried again at once. */
export const linkOptions = {
  lazyConnect: false,
  keyPrefix: '',
  connectionName: 'test',
  commandTimeout: 1000,
  maxLoadingRetryTime: 500,
  autoResendUnfulfilledCommands: false,
  enableOfflineQueue: false,
  maxRetriesPerRequest: 0,
  connectTimeout: 1000,
  disconnectTimeout: 400,
  retryStrategy: () => 50,
}
