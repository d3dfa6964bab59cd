Deno.serve(() => new Response(process.env.KEY))
