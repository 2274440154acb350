/** A text that people search for, as the program prints it. It stands in the “You see” of its scenario, which a test holds. */
export type ErrorText = { text: string; where: string; scenario: string }

export const errorTexts: readonly ErrorText[] = [
  { text: 'net::ERR_INCOMPLETE_CHUNKED_ENCODING', where: 'Chromium', scenario: 'quiet-stream' },
  { text: 'net::ERR_INCOMPLETE_CHUNKED_ENCODING', where: 'Chromium, at a deploy', scenario: 'kill-timeout' },
  {
    text: 'upstream timed out (110: Connection timed out) while reading upstream',
    where: 'nginx',
    scenario: 'quiet-stream',
  },
  {
    text: 'upstream timed out (110: Connection timed out) while reading response header from upstream',
    where: 'nginx',
    scenario: 'headers-held',
  },
  {
    text: 'transfer closed with outstanding read data remaining',
    where: 'curl',
    scenario: 'quiet-stream',
  },
  { text: '504 (Gateway Time-out)', where: 'Chromium', scenario: 'headers-held' },
  { text: '504 Gateway Time-out', where: 'nginx’s page', scenario: 'headers-held' },
  { text: 'GET /events 502 (Bad Gateway)', where: 'Chromium', scenario: 'deploy-502' },
  {
    text: 'EventSource\'s response has a MIME type ("text/html") that is not "text/event-stream". Aborting the connection.',
    where: 'Chromium',
    scenario: 'deploy-502',
  },
  { text: 'can’t establish a connection to the server', where: 'Firefox', scenario: 'deploy-502' },
  {
    text: 'GET /events 401 (Unauthorized)',
    where: 'Chromium',
    scenario: 'expiry-kills-the-stream',
  },
  {
    text: "The value of the 'Access-Control-Allow-Origin' header in the response must not be the wildcard '*' when the request's credentials mode is 'include'.",
    where: 'Chromium',
    scenario: 'wildcard-cors-with-cookies',
  },
  { text: 'upstream prematurely closed connection', where: 'nginx', scenario: 'stale-keepalive' },
  {
    text: 'recv() failed (104: Connection reset by peer) while reading response header from upstream',
    where: 'nginx',
    scenario: 'stale-keepalive',
  },
  { text: '512 worker_connections are not enough', where: 'nginx', scenario: 'worker-connections' },
  { text: 'ERR_CONNECTION_RESET', where: 'Chromium', scenario: 'worker-connections' },
  { text: 'socket hang up', where: 'Node', scenario: 'worker-connections' },
  {
    text: 'connect() to 10.0.0.5:3000 failed (99: Cannot assign requested address) while connecting to upstream',
    where: 'nginx',
    scenario: 'ephemeral-ports',
  },
  { text: 'connect() failed (110: Connection timed out)', where: 'nginx', scenario: 'herd' },
  { text: 'nginx: worker process is shutting down', where: 'ps', scenario: 'nginx-reload' },
  {
    text: 'Process with pid 43 still alive after 1600ms, sending SIGKILL',
    where: 'pm2',
    scenario: 'kill-timeout',
  },
  { text: 'connect ECONNREFUSED', where: 'Node', scenario: 'dead-worker-online' },
  {
    text: 'FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory',
    where: 'Node',
    scenario: 'slow-reader-memory',
  },
  { text: 'JavaScript heap out of memory', where: 'Node, at the start', scenario: 'instances-max' },
  {
    text: 'MaxListenersExceededWarning: Possible EventEmitter memory leak detected. 11 event listeners added to [EventEmitter]',
    where: 'Node',
    scenario: 'listener-leak',
  },
  {
    text: 'server reached MaxRequestWorkers setting',
    where: 'Apache',
    scenario: 'departed-readers-hold-workers',
  },
  { text: 'ERR max number of clients reached', where: 'Redis', scenario: 'connection-per-stream' },
]
