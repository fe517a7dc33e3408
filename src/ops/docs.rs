//! The API, described for people by the same document that machines read.

use std::sync::Arc;

use askama::Template;
use axum::routing::get;
use axum::{Extension, Json, Router};
use utoipa::openapi::{OpenApi, RefOr};

use crate::platform::App;
use crate::platform::web::{Html, Viewer};

/// The description of every route, made when they are put together.
#[derive(Clone)]
struct Described(Arc<OpenApi>);

/// The routes that tell what routes there are.
pub fn described(api: OpenApi) -> Router<App> {
    Router::new()
        .route("/api/openapi.json", get(document))
        .route("/api/docs", get(page))
        .layer(Extension(Described(Arc::new(api))))
}

/// GET /api/openapi.json
async fn document(Extension(Described(api)): Extension<Described>) -> Json<OpenApi> {
    Json((*api).clone())
}

#[derive(Template)]
#[template(path = "ops/docs.html")]
pub(super) struct DocsPage {
    viewer: Viewer,
    operations: Vec<Operation>,
}

struct Operation {
    method: String,
    path: String,
    summary: String,
    description: String,
    parameters: Vec<Parameter>,
}

struct Parameter {
    name: String,
    meaning: String,
}

/// GET /api/docs
async fn page(viewer: Viewer, Extension(Described(api)): Extension<Described>) -> Html<DocsPage> {
    let operations = api.paths.paths.iter().flat_map(|(path, item)| {
        let methods = [
            ("GET", &item.get),
            ("POST", &item.post),
            ("PUT", &item.put),
            ("PATCH", &item.patch),
            ("DELETE", &item.delete),
        ];
        methods.into_iter().filter_map(|(method, operation)| {
            let operation = operation.as_ref()?;
            Some(Operation {
                method: method.into(),
                path: path.clone(),
                summary: operation.summary.clone().unwrap_or_default(),
                description: operation.description.clone().unwrap_or_default(),
                parameters: parameters(operation),
            })
        })
    });
    Html(DocsPage {
        operations: operations.collect(),
        viewer,
    })
}

fn parameters(operation: &utoipa::openapi::path::Operation) -> Vec<Parameter> {
    let written_out =
        operation
            .parameters
            .iter()
            .flatten()
            .filter_map(|parameter| match parameter {
                RefOr::T(parameter) => Some(parameter),
                RefOr::Ref(_) => None,
            });
    let described = written_out.map(|parameter| Parameter {
        name: parameter.name.clone(),
        meaning: parameter
            .description
            .clone()
            .unwrap_or_default()
            .replace('`', ""),
    });
    described.collect()
}
