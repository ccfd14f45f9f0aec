import js from '@eslint/js'
import jsxA11y from 'eslint-plugin-jsx-a11y'
import reactHooks from 'eslint-plugin-react-hooks'
import globals from 'globals'
import ts from 'typescript-eslint'

export default ts.config(
  { ignores: ['dist', 'node_modules', 'src/api/generated.ts', 'test/e2e/screenshots'] },
  js.configs.recommended,
  ...ts.configs.strict,
  jsxA11y.flatConfigs.strict,
  reactHooks.configs.flat['recommended-latest'],
  {
    files: ['**/*.{ts,tsx}'],
    languageOptions: { globals: globals.browser },
    settings: {
      'jsx-a11y': { components: { Button: 'button', IconButton: 'button', Input: 'input', Textarea: 'textarea' } },
    },
    rules: {
      // A missing element is a bug that must show itself; `!` hides it only from the type checker.
      '@typescript-eslint/no-non-null-assertion': 'error',
      '@typescript-eslint/consistent-type-imports': 'error',
      'jsx-a11y/label-has-associated-control': ['error', { assert: 'either', controlComponents: ['Input', 'Textarea', 'Select', 'Switch'], depth: 4 }],
      // Dialogs and search fields are opened by a person who is about to type into them.
      'jsx-a11y/no-autofocus': 'off',
      'no-restricted-syntax': [
        'error',
        { selector: 'ExportDefaultDeclaration', message: 'Named exports only: a thing has one name everywhere.' },
      ],
      'no-restricted-imports': ['error', { patterns: [{ group: ['**/mock-api/*'], message: 'Only main.tsx may reach the mock API, and only in mock mode.' }] }],
    },
  },
  {
    files: ['src/ui/**'],
    rules: {
      'no-restricted-imports': [
        'error',
        { patterns: [{ group: ['~/api/queries*', '~/pages/*', '~/forms/*', '~/layout/*', '@tanstack/react-router'], message: 'Primitives know neither the API calls nor the routes.' }] },
      ],
    },
  },
  { files: ['public/**/*.js'], languageOptions: { globals: globals.browser } },
  { files: ['mock-api/**', 'src/main.tsx', 'src/**/*.test.ts', '*.config.{ts,js}'], rules: { 'no-restricted-imports': 'off', 'no-restricted-syntax': 'off' } },
  { files: ['test/**/*.mjs', 'scripts/**/*.mjs'], languageOptions: { globals: { ...globals.node, ...globals.browser } } },
)
