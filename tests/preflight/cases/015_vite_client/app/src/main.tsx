import "vite/client"
