import(/* @vite-ignore */ "./nope")
