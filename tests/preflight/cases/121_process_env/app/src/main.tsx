console.log(process.env.NODE_ENV, process.env.API_URL)
