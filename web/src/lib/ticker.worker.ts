// The timers of a worker keep running when its page is hidden; those of the page do not.
setInterval(() => postMessage(0), 200);
