import js from '@eslint/js';
import rxjs from 'eslint-plugin-rxjs-x';
import tseslint from 'typescript-eslint';

export default tseslint.config(
  { ignores: ['dist', 'coverage', '*.config.js', 'scripts', '.dependency-cruiser.cjs'] },
  js.configs.recommended,
  tseslint.configs.strictTypeChecked,
  rxjs.configs.strict,
  {
    languageOptions: { parserOptions: { projectService: true } },
    rules: {
      // Numbers and booleans in messages read well as they are.
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
      // `_` says that a parameter stands there for its place only.
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      // Signals and activities without a value are typed void.
      '@typescript-eslint/no-invalid-void-type': 'off',
      // A type parameter of a public operator documents what it infers even when it stands once.
      '@typescript-eslint/no-unnecessary-type-parameters': 'off',
      // Handlers that report an error through their own channel need no second one.
      'rxjs-x/no-ignored-error': 'off',
      'rxjs-x/no-ignored-subscription': 'off',
      'max-lines': ['error', { max: 300 }],
    },
  },
  {
    files: ['spec/**', 'demos/**', 'bench/**'],
    rules: {
      'max-lines': 'off',
      'rxjs-x/no-unbound-methods': 'off',
      // An empty stream is a failure there.
      'rxjs-x/no-ignored-default-value': 'off',
      '@typescript-eslint/no-non-null-assertion': 'off',
    },
  },
  // Compiled, never run.
  { files: ['spec/types/**'], rules: { 'rxjs-x/no-floating-observables': 'off' } },
);
