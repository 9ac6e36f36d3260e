/** Why the model can't answer now. The service answers 503 and names the reason. */
export type UnavailableReason =
  | 'asset_missing'
  | 'asset_damaged'
  | 'manifest_damaged'
  | 'manifest_version'
  | 'signature_wrong'
  | 'rule_refused'
  | 'runtime_failed';

export class ModelUnavailable extends Error {
  override readonly name = 'ModelUnavailable';
  readonly reason: UnavailableReason;

  constructor(reason: UnavailableReason, message: string, options?: ErrorOptions) {
    super(message, options);
    this.reason = reason;
  }
}
