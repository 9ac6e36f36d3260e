export default {
  fetch: (request, { A, B }) => (request.headers.get('X-Isolate') === 'b' ? B : A).fetch(request),
};
