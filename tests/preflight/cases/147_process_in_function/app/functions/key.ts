export default {
  fetch: () => new Response(process.env.API_KEY),
}
