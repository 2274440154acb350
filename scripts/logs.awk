# What `docker compose logs` prints, without what pm2, Redis and nginx say of every normal start. scripts/logs.sh has the rest.
# A list of what is left out: whatever is not known here is shown.

# Some versions of compose clear the line before each of theirs, whatever they are told of colors.
{ gsub(/\033\[2K/, "") }

# pm2 follows each of its workers through the same steps. The worker itself says "ready" and "drained".
/PM2 log: (Launching in no daemon mode|App \[.*\] (starting in -cluster mode-|online)|Stopping app:|App name:.* disconnected|App \[.*\] exited with code \[0\]|pid=[0-9]+ msg=process tree killed|PM2 successfully stopped)/ { next }

# Redis marks what is no warning by `*`, `-` and `.`. The one that stays is the end of its start. The other one is meant for a
# machine that has nothing else in its memory.
/\| [0-9]+:[A-Z] [0-9]+ [A-Z][a-z][a-z] [0-9]+ [0-9:.]+ [-.*] / && !/Ready to accept connections/ { next }
/# WARNING Memory overcommit must be enabled/ { next }

# nginx looks for a name every two seconds as long as it is not there.
/ could not be resolved \(/ {
  match($0, /[a-z-]+ could not be resolved/)
  name = substr($0, RSTART, RLENGTH)
  if (seen[name]++ % 30 != 0) next
}

{
  sub(/"level":20,/, "\"level\":\"debug\",")
  sub(/"level":30,/, "\"level\":\"info\",")
  sub(/"level":40,/, "\"level\":\"warn\",")
  sub(/"level":50,/, "\"level\":\"error\",")
  sub(/"level":60,/, "\"level\":\"fatal\",")
  print
  fflush()
}
