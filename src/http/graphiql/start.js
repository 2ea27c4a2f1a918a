// Tokens are pasted into the headers editor and forgotten with the page.
const tool = React.createElement(GraphiQL, {
  fetcher: GraphiQL.createFetcher({ url: '/graphql' }),
  defaultQuery: '# An operation enters one root: staff or portal.\n{\n  service {\n    version\n  }\n}\n',
  defaultHeaders: '{\n  "Authorization": "Bearer "\n}',
  isHeadersEditorEnabled: true,
  shouldPersistHeaders: false,
});
ReactDOM.createRoot(document.getElementById('graphiql')).render(tool);
